do $$
declare
    owned text;
begin
    foreach owned in array array['invitations', 'system_mails'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner on %I to %I using (true) with check (true)', owned, current_user);
        execute format('create policy watch on %I to mp_watch_all_tenants using (true) with check (true)', owned);
    end loop;
end
$$;
create policy own_tenant on invitations to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
-- A mail about a forgotten password belongs to no tenant: the console writes it and reads none of them.
create policy own_tenant on system_mails for select to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
create policy asked_for on system_mails for insert to mp_console
    with check (tenant_id is null or tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);

grant select, insert, update on invitations to mp_console;
grant select, insert on system_mails to mp_console;
grant select, insert, update, delete on sign_in_tries to mp_console;
grant select, insert, update on password_resets to mp_console;
grant insert (password_changed_at) on users to mp_console;
grant update (name, password_hash, password_changed_at, disabled_at) on users to mp_console;
-- What the edge keeps of a tenant's visitors is for its Admins to choose.
grant update (consent_rule, visitor_ids, stored_addresses) on tenants to mp_console;

-- Whoever watches sends the mails, and knows for that what is in them.
grant select, update, delete on system_mails to mp_watch_all_tenants;
grant select on invitations to mp_watch_all_tenants;
grant select, insert, update on password_resets to mp_watch_all_tenants;

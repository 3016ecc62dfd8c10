do $$
declare
    owned text;
begin
    foreach owned in array array['idempotency_keys', 'api_keys'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner on %I to %I using (true) with check (true)', owned, current_user);
        execute format(
            'create policy all_tenants on %I to mp_pipelines_all_tenants using (true) with check (true)', owned
        );
        execute format(
            'create policy own_tenant on %I to mp_console
             using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)
             with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)',
            owned
        );
    end loop;
end
$$;

-- The console takes keys and keeps answers; erasure, wherever it runs, empties the answers.
grant select, insert, update, delete on idempotency_keys to mp_console;
grant select, update (answer_sealed) on idempotency_keys to mp_pipelines_all_tenants;

-- A key is found by its secret before a tenant is entered, and only the one that was shown. None is ever deleted.
create policy presented on api_keys for select to mp_console
    using (secret_hash = decode(nullif(current_setting('app.api_key', true), ''), 'hex'));
grant select, insert, update (last_used_at, revoked_at) on api_keys to mp_console;

-- An Admin lets people in and changes what their tenant is called and counts in; whoever says who they are sees
-- which tenants they belong to.
grant insert (email, name, password_hash, disabled_at) on users to mp_console;
grant update (name, time_zone, currency) on tenants to mp_console;
create policy mine on tenants for select to mp_console using (
    exists (
        select from memberships
        where memberships.tenant_id = tenants.id
            and memberships.user_id = nullif(current_setting('app.user_id', true), '')::bigint
    )
);

-- The console adds no tenant of a number or with terms of its choice; this is all it can do, and null is a taken slug.
create function open_tenant(slug text, name text, time_zone text, currency text, salt bytea) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
    insert into tenants (slug, name, time_zone, currency, suppression_salt)
    values (slug, name, time_zone, currency, salt)
    on conflict do nothing
    returning id
$$;
revoke execute on function open_tenant from public;
grant execute on function open_tenant to mp_console;

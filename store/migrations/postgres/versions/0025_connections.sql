alter table connections enable row level security;
alter table connections force row level security;
alter table sealing_keys enable row level security;
alter table sealing_keys force row level security;
do $$
begin
    execute format('create policy owner on connections to %I using (true) with check (true)', current_user);
    execute format('create policy owner on sealing_keys to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on connections to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on connections to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
create policy watch on connections for select to mp_watch_all_tenants using (true);
grant select, insert, update, delete on connections to mp_pipelines_all_tenants;
grant select, insert, update on connections to mp_console;
grant select (id, tenant_id, channel, name, status, changed_at, access_expires_at, refresh_expires_at)
    on connections to mp_watch_all_tenants;

-- The keys are of no tenant, and open nothing without the master key; who rotates drops the former ones.
create policy seals on sealing_keys to mp_console, mp_pipelines_all_tenants using (true) with check (true);
grant select, insert on sealing_keys to mp_console;
grant select, insert, delete on sealing_keys to mp_pipelines_all_tenants;

create trigger changes_are_told after insert or delete or update of status, last_error, scopes, switched_off, tested_at
    on connections for each row execute function tell_of_change();

-- Credentials of before were sealed for their account: somebody connects each account once more.
with accounts as (
    select
        id,
        tenant_id,
        channel,
        name,
        options
    from ad_accounts
),

made as (
    insert into connections (tenant_id, channel, name, options, status, last_error)
    select
        tenant_id,
        channel,
        name,
        options || jsonb_build_object('account', id),
        'needs_reconnect',
        'The credentials were sealed by an earlier version: connect again.'
    from accounts
    returning id, tenant_id, options
)

update ad_accounts
set connection_id = made.id
from made
where made.tenant_id = ad_accounts.tenant_id and (made.options ->> 'account')::bigint = ad_accounts.id;

update connections set options = options - 'account';

alter table billing_events enable row level security;
alter table billing_events force row level security;
do $$
begin
    execute format('create policy owner on billing_events to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on billing_events to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on billing_events for select to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
-- What was told is added to, and changed by nobody.
grant select, insert on billing_events to mp_pipelines_all_tenants;
grant select on billing_events to mp_console;

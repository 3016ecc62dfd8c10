alter table kill_switch_turns enable row level security;
alter table kill_switch_turns force row level security;
do $$
begin
    execute format('create policy owner on kill_switch_turns to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on kill_switch_turns to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on kill_switch_turns to mp_console
    using (tenant_id is null or tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id is null or tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select, insert on kill_switch_turns to mp_pipelines_all_tenants, mp_console;

alter table exports enable row level security;
alter table exports force row level security;
do $$
begin
    execute format('create policy owner on exports to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on exports to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on exports to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select, insert on exports to mp_console;
-- A run says what came of it, and never what was asked for.
grant select, update (sha256, rows, size, ready_at, expires_at, let_go_at) on exports to mp_pipelines_all_tenants;
create trigger changes_are_told after insert or update of ready_at, let_go_at on exports
    for each row execute function tell_of_change();

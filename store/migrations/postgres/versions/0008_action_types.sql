alter table standing_approvals enable row level security;
alter table standing_approvals force row level security;
do $$
begin
    execute format('create policy owner on standing_approvals to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on standing_approvals to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on standing_approvals to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);

-- Only the gate puts one in force; the console draws on it and revokes it.
grant select, insert, update on standing_approvals to mp_pipelines_all_tenants;
grant select on standing_approvals to mp_console;
grant update (drawn, revoked_at, revoke_reason) on standing_approvals to mp_console;

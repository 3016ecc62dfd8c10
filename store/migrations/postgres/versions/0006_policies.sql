alter table action_comments enable row level security;
alter table action_comments force row level security;
do $$
begin
    execute format('create policy owner on action_comments to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on action_comments to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on action_comments to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select, insert on action_comments to mp_pipelines_all_tenants, mp_console;

-- An Admin chooses the policy of their own tenant, and nothing else of it.
grant update (policy) on tenants to mp_console;

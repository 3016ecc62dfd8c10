alter table text_opt_outs enable row level security;
alter table text_opt_outs force row level security;
do $$
begin
    execute format('create policy owner on text_opt_outs to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on text_opt_outs to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on text_opt_outs for select to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
-- Phones say it, and take it back; people who write texts only see who is left out.
grant select, insert, delete on text_opt_outs to mp_pipelines_all_tenants;
grant select on text_opt_outs to mp_console;

alter table places enable row level security;
alter table places force row level security;
do $$
begin
    execute format('create policy owner on places to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on places to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on places to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select, insert, update, delete on places to mp_pipelines_all_tenants;
grant select, insert, update on places to mp_console;

create trigger changes_are_told after insert or update or delete
    on places for each row execute function tell_of_change();

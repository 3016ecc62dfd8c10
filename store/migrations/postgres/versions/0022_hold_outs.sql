alter table hold_outs enable row level security;
alter table hold_outs force row level security;
do $$
begin
    execute format('create policy owner on hold_outs to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on hold_outs to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on hold_outs to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
-- Nobody changes the terms or the lot: all that may be said later is that it has ended.
grant select, insert, update (ended_at) on hold_outs to mp_console;
-- Runs draw the lot for files of people.
grant select on hold_outs to mp_pipelines_all_tenants;
create trigger changes_are_told after insert or update of ended_at on hold_outs
    for each row execute function tell_of_change();

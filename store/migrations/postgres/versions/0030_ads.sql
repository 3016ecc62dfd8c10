do $$
declare
    kept text;
begin
    foreach kept in array array['ad_campaigns', 'ad_sets', 'ads', 'daily_budgets'] loop
        execute format('alter table %I enable row level security', kept);
        execute format('alter table %I force row level security', kept);
        execute format('create policy owner on %I to %I using (true) with check (true)', kept, current_user);
        execute format('create policy all_tenants on %I to mp_pipelines_all_tenants using (true) with check (true)', kept);
        execute format(
            'create policy own_tenant on %I for select to mp_console '
            'using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)', kept
        );
        -- Only what reads the platforms writes here.
        execute format('grant select, insert, update on %I to mp_pipelines_all_tenants', kept);
        execute format('grant select on %I to mp_console', kept);
    end loop;
end
$$;

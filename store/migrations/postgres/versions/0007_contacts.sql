do $$
declare
    owned text;
begin
    foreach owned in array array['suppressions', 'contact_groups', 'contact_group_members'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner on %I to %I using (true) with check (true)', owned, current_user);
        execute format(
            'create policy all_tenants on %I to mp_pipelines_all_tenants using (true) with check (true)', owned
        );
        execute format(
            'create policy own_tenant on %I to mp_console
             using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)
             with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)',
            owned
        );
    end loop;
end
$$;
grant select, insert on suppressions to mp_pipelines_all_tenants, mp_console;
grant select, insert, update, delete on contact_groups, contact_group_members to mp_pipelines_all_tenants, mp_console;

-- The edge and the warehouse read tenants, and have no use for what hides who was erased.
revoke select on tenants from mp_edge, mp_dimensions_all_tenants;
grant select (
    id, slug, name, time_zone, currency, policy, consent_rule, visitor_ids, stored_addresses, created_at
) on tenants to mp_edge, mp_dimensions_all_tenants;

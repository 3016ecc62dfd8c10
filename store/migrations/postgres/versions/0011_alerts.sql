do $$
declare
    owned text;
begin
    foreach owned in array array['dead_letter_decisions', 'assets'] loop
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
grant select, insert on dead_letter_decisions to mp_pipelines_all_tenants, mp_console;

-- Alerts of the whole house belong to no tenant: everyone sees them, and each tenant acknowledges them for itself.
alter table alerts enable row level security;
alter table alerts force row level security;
alter table alert_acknowledgements enable row level security;
alter table alert_acknowledgements force row level security;
do $$
declare
    owned text;
begin
    foreach owned in array array['alerts', 'alert_acknowledgements'] loop
        execute format('create policy owner on %I to %I using (true) with check (true)', owned, current_user);
        execute format(
            'create policy all_tenants on %I to mp_pipelines_all_tenants using (true) with check (true)', owned
        );
        execute format('create policy watch on %I to mp_watch_all_tenants using (true) with check (true)', owned);
    end loop;
end
$$;
create policy own_tenant on alerts for select to mp_console
    using (tenant_id is null or tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
create policy own_tenant on alert_acknowledgements to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select on alerts to mp_console, mp_pipelines_all_tenants;
grant select, insert on alert_acknowledgements to mp_console;
grant select on alert_acknowledgements to mp_pipelines_all_tenants;

-- Whoever watches reads what alerts are made of, and whom to tell; it writes alerts and notices, and nothing else.
grant select, insert, update on alerts, alert_notices to mp_watch_all_tenants;
grant select on alert_acknowledgements to mp_watch_all_tenants;
grant select (id, tenant_id, state, version, outcome, author_id, updated_at) on actions to mp_watch_all_tenants;
grant select (id, tenant_id, action_id, state, settled_at) on deliveries to mp_watch_all_tenants;
grant select (id, tenant_id, action_id, version, user_id, break_glass, created_at) on approvals to mp_watch_all_tenants;
grant select (id, tenant_id, scope, subject, turn, turned_by, created_at) on kill_switch_turns to mp_watch_all_tenants;
grant select (id, name, created_at) on tenants to mp_watch_all_tenants;
grant select (tenant_id, user_id, role) on memberships to mp_watch_all_tenants;
grant select (id, email, disabled_at) on users to mp_watch_all_tenants;
grant select on gate_watchers to mp_watch_all_tenants;
do $$
declare
    watched text;
begin
    foreach watched in array array[
        'actions', 'deliveries', 'approvals', 'kill_switch_turns', 'tenants', 'memberships', 'gate_watchers'
    ] loop
        execute format('create policy watch on %I for select to mp_watch_all_tenants using (true)', watched);
    end loop;
end
$$;

-- Creatives are kept as they came.
grant select, insert on assets to mp_console;
grant select on assets to mp_pipelines_all_tenants;
create trigger immutable before update or truncate on assets
    for each statement execute function refuse_change();

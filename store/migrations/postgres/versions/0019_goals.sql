do $$
declare
    owned text;
begin
    foreach owned in array array['conversion_goals', 'measurements', 'identity_splits'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner on %I to %I using (true) with check (true)', owned, current_user);
        execute format(
            'create policy all_tenants on %I to mp_pipelines_all_tenants using (true) with check (true)', owned
        );
        execute format('create policy dimensions on %I for select to mp_dimensions_all_tenants using (true)', owned);
        execute format(
            'create policy own_tenant on %I to mp_console
             using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)
             with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)',
            owned
        );
        execute format('grant select on %I to mp_pipelines_all_tenants', owned);
    end loop;
end
$$;
grant select, insert, update on conversion_goals to mp_console;
grant select, update on measurements to mp_console;
grant select on conversion_goals, measurements to mp_dimensions_all_tenants;
-- Who erases a contact takes away what names them; the warehouse has no use for why and by whom.
grant select, insert, update, delete on identity_splits to mp_console;
grant update (reason), delete on identity_splits to mp_pipelines_all_tenants;
grant select (id, created_at, tenant_id, visitor_id, person_id, taken_back_at, changed_at)
on identity_splits to mp_dimensions_all_tenants;

-- What the warehouse builds anew after a change, it finds by this: the clock of the change, not of its transaction's start.
create function note_change() returns trigger language plpgsql as $$
begin
    new.changed_at = clock_timestamp();
    return new;
end
$$;
create trigger note_change before update on conversion_goals
    for each row when (new.* is distinct from old.*) execute function note_change();
create trigger note_change before update on measurements
    for each row when (new.* is distinct from old.*) execute function note_change();
create trigger note_change before update on identity_splits
    for each row when (new.* is distinct from old.*) execute function note_change();

-- Whoever makes a tenant, and in whichever way: no tenant is without a goal, and none without its terms.
create function begin_measuring() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
    insert into measurements (tenant_id) values (new.id);
    insert into conversion_goals (tenant_id, name, event, is_headline) values (new.id, 'Purchases', 'purchase', true);
    return null;
end
$$;
create trigger begin_measuring after insert on tenants
    for each row execute function begin_measuring();

insert into measurements (tenant_id) select id from tenants;
insert into conversion_goals (tenant_id, name, event, is_headline)
select id, 'Purchases', 'purchase', true from tenants;

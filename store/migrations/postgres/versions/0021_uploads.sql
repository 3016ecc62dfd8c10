do $$
declare
    owned text;
begin
    foreach owned in array array['uploads', 'uploaded_events'] loop
        execute format('alter table %I enable row level security', owned);
        execute format('alter table %I force row level security', owned);
        execute format('create policy owner on %I to %I using (true) with check (true)', owned, current_user);
        execute format(
            'create policy all_tenants on %I to mp_pipelines_all_tenants using (true) with check (true)', owned
        );
        execute format(
            'create policy own_tenant on %I to mp_console'
            ' using (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)'
            ' with check (tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::bigint)',
            owned
        );
    end loop;
end
$$;
-- People decide on a list; what was in it changes no more.
grant select, insert, update (request_id, confirmed_at, expires_at, discarded_at) on uploads to mp_console;
grant select on uploaded_events to mp_console;
-- A run says how far it is, and which events are there.
grant select, update (taken, added, added_at, discarded_at) on uploads to mp_pipelines_all_tenants;
grant select, insert on uploaded_events to mp_pipelines_all_tenants;

-- Whichever way an upload ends, its lines are needed no more.
create function forget_uploaded_lines() returns trigger language plpgsql as $$
begin
    new.lines := '[]';
    return new;
end
$$;
create trigger lines_are_forgotten before update of added_at, discarded_at on uploads
    for each row when (new.added_at is not null or new.discarded_at is not null)
    execute function forget_uploaded_lines();
create trigger changes_are_told after insert or update of confirmed_at, request_id, added_at, discarded_at on uploads
    for each row execute function tell_of_change();

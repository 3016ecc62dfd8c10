do $$
declare
    owned text;
begin
    foreach owned in array array['projects', 'requested_runs', 'intakes'] loop
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
grant select, insert, update on projects to mp_console;
grant select on projects to mp_pipelines_all_tenants;
-- The console asks, and the runs do what was asked for.
grant select, insert on requested_runs, intakes to mp_console;
grant select, update on requested_runs, intakes to mp_pipelines_all_tenants;

-- Illegal moves are refused here too, whoever asks. The table of moves is that of records/campaigns.py.
create function refuse_illegal_campaign_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.status != 'draft' then
            raise exception 'a campaign starts as a draft, not as %', new.status using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if new.status = old.status or (old.status, new.status) in (
        ('draft', 'scheduled'),
        ('running', 'scheduled'),
        ('paused', 'scheduled'),
        ('completed', 'scheduled'),
        ('draft', 'running'),
        ('scheduled', 'running'),
        ('paused', 'running'),
        ('completed', 'running'),
        ('scheduled', 'paused'),
        ('running', 'paused'),
        ('draft', 'completed'),
        ('scheduled', 'completed'),
        ('running', 'completed'),
        ('paused', 'completed')
    ) then
        return new;
    end if;
    raise exception 'campaign % cannot move from % to %', old.id, old.status, new.status
        using errcode = 'check_violation';
end
$$;
create trigger legal_moves before insert or update of status on campaigns
    for each row execute function refuse_illegal_campaign_move();

-- Addresses that were taken in are contacts; those that were not are nobody's business any more.
create function forget_list() returns trigger language plpgsql as $$
begin
    update intakes set addresses = '{}' where tenant_id = new.tenant_id and request_id = new.id;
    return null;
end
$$;
create trigger forget_list after update of state on requested_runs
    for each row when (new.state in ('done', 'failed')) execute function forget_list();

-- Row-level security: the console sees the tenant it has entered, programs that serve all tenants say so in
-- their names, and the owner is bound like everyone (FORCE) but for a policy of its own.
do $$
declare
    owned text;
begin
    for owned in
        select table_name
        from information_schema.columns
        where table_schema = 'public' and column_name = 'tenant_id' and table_name != 'kill_switches'
    loop
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
        execute format('grant select, insert, update, delete on %I to mp_pipelines_all_tenants', owned);
        execute format('grant select, insert, update, delete on %I to mp_console', owned);
    end loop;
end
$$;

alter table tenants enable row level security;
alter table tenants force row level security;
do $$ begin execute format('create policy owner on tenants to %I using (true) with check (true)', current_user); end $$;
create policy all_tenants on tenants to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on tenants to mp_console
    using (id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select, insert, update on tenants to mp_pipelines_all_tenants;
grant select on tenants to mp_console;

-- A person's memberships are found before a tenant is entered.
create policy own_memberships on memberships for select to mp_console
    using (user_id = nullif(current_setting('app.user_id', true), '')::bigint);

-- Global switches belong to no tenant: everyone sees them, everyone may pull them.
alter table kill_switches enable row level security;
alter table kill_switches force row level security;
do $$
begin
    execute format('create policy owner on kill_switches to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on kill_switches to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on kill_switches to mp_console
    using (tenant_id is null or tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id is null or tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select, insert, update on kill_switches to mp_pipelines_all_tenants, mp_console;

-- What concerns the whole house is chained under the number 0, which no tenant has.
create policy house on audit_entries to mp_console using (tenant_id = 0) with check (tenant_id = 0);

-- People and their log-ins are not a tenant's.
grant select on users to mp_console, mp_pipelines_all_tenants;
grant select, insert, update, delete on log_ins to mp_console;

-- Who watches the gate is not a tenant's either: the pipelines say so, the console shows it. Of itself the console
-- says one thing, that somebody is reading what waits for a signature.
alter table gate_watchers enable row level security;
create policy everything on gate_watchers to mp_pipelines_all_tenants using (true) with check (true);
create policy shown on gate_watchers for select to mp_console using (true);
create policy reads on gate_watchers for insert to mp_console with check (kind = 'approver');
create policy still_reads on gate_watchers for update to mp_console
    using (kind = 'approver') with check (kind = 'approver');
grant select, insert, update, delete on gate_watchers to mp_pipelines_all_tenants;
grant select, insert, update on gate_watchers to mp_console;

-- The edge reads what a request can name, and no more.
grant select on links, campaigns, collector_keys, tenants to mp_edge;
create policy edge on links for select to mp_edge using (true);
create policy edge on campaigns for select to mp_edge using (true);
create policy edge on collector_keys for select to mp_edge using (true);
create policy edge on tenants for select to mp_edge using (true);

-- ClickHouse reads the dimensions, and no more.
grant select on tenants, campaigns, links, experiments, variants, feeds to mp_dimensions_all_tenants;
create policy dimensions on tenants for select to mp_dimensions_all_tenants using (true);
create policy dimensions on campaigns for select to mp_dimensions_all_tenants using (true);
create policy dimensions on links for select to mp_dimensions_all_tenants using (true);
create policy dimensions on experiments for select to mp_dimensions_all_tenants using (true);
create policy dimensions on variants for select to mp_dimensions_all_tenants using (true);
create policy dimensions on feeds for select to mp_dimensions_all_tenants using (true);

-- What has been frozen, voted or recorded stays as it is.
revoke update, delete on audit_entries, approvals, action_versions from mp_console, mp_pipelines_all_tenants;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
end
$$;
create trigger append_only before update or delete or truncate on audit_entries
    for each statement execute function refuse_change();

-- Illegal moves are refused here too, whoever asks. The table of moves is that of records/actions.py.
create function refuse_illegal_move() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state != 'draft' then
            raise exception 'an action starts as a draft, not as %', new.state using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if new.state = old.state or (old.state, new.state) in (
        ('draft', 'pending_approval'),
        ('changes_requested', 'pending_approval'),
        ('changes_requested', 'draft'),
        ('pending_approval', 'draft'),
        ('approved', 'draft'),
        ('held', 'draft'),
        ('pending_approval', 'approved'),
        ('pending_approval', 'denied'),
        ('pending_approval', 'changes_requested'),
        ('pending_approval', 'expired'),
        ('approved', 'expired'),
        ('draft', 'cancelled'),
        ('pending_approval', 'cancelled'),
        ('changes_requested', 'cancelled'),
        ('approved', 'cancelled'),
        ('held', 'cancelled'),
        ('approved', 'executing'),
        ('executing', 'held'),
        ('held', 'executing'),
        ('executing', 'succeeded'),
        ('executing', 'partially_failed'),
        ('executing', 'failed')
    ) then
        return new;
    end if;
    raise exception 'action % cannot move from % to %', old.id, old.state, new.state
        using errcode = 'check_violation';
end
$$;
create trigger legal_moves before insert or update of state on actions
    for each row execute function refuse_illegal_move();

-- Listeners get the number only and read the row themselves.
create function announce() returns trigger language plpgsql as $$
begin
    perform pg_notify(tg_argv[0], coalesce(new.id, old.id)::text);
    return null;
end
$$;
create trigger announce_links after insert or update or delete on links
    for each row execute function announce('links');
create trigger announce_collector_keys after insert or update or delete on collector_keys
    for each row execute function announce('collector_keys');
create trigger announce_actions after insert or update of state, due_at on actions
    for each row execute function announce('actions');

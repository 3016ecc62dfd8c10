-- The edge alone makes, reads and forgets the salts; with them, and an address, a day's visitor could be told.
alter table visitor_salts enable row level security;
alter table visitor_salts force row level security;
do $$
begin
    execute format('create policy owner on visitor_salts to %I using (true) with check (true)', current_user);
end
$$;
create policy edge on visitor_salts to mp_edge using (true) with check (true);
grant select, insert, delete on visitor_salts to mp_edge;

do $$
declare
    owned text;
begin
    foreach owned in array array['hook_secrets', 'hook_calls'] loop
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
    end loop;
end
$$;
grant select, insert, update on hook_secrets to mp_console;
grant select on hook_calls to mp_console;

-- The edge proves calls by the secrets and keeps what came; it interprets nothing.
create policy edge on hook_secrets for select to mp_edge using (true);
grant select on hook_secrets to mp_edge;
create policy edge_keeps on hook_calls for insert to mp_edge with check (interpreted_at is null);
create policy edge_sees_places on hook_calls for select to mp_edge using (true);
grant insert, select (id, place) on hook_calls to mp_edge;

-- It may end a contact's marketing, and neither read an address nor begin it again.
create policy edge on contacts to mp_edge using (true) with check (unsubscribed_at is not null);
grant select (id, tenant_id, unsubscribed_at), update (unsubscribed_at, unsubscribe_reason) on contacts to mp_edge;

create trigger announce_hook_secrets after insert or update or delete on hook_secrets
    for each row execute function announce('collector_keys');
create trigger announce_tenants after update on tenants
    for each row execute function announce('collector_keys');

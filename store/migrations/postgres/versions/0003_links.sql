do $$
declare
    owned text;
begin
    foreach owned in array array['link_targets', 'link_uses'] loop
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
grant select, insert, update, delete on link_targets to mp_console;
grant select on link_uses to mp_console;

-- The edge follows targets and weights, and counts how often a limited link was followed. It lowers no count.
grant select on link_targets, link_uses, variants to mp_edge;
grant insert, update (used) on link_uses to mp_edge;
create policy edge on link_targets for select to mp_edge using (true);
create policy edge on variants for select to mp_edge using (true);
create policy edge on link_uses to mp_edge using (true) with check (used > 0);

-- Whom nobody is sent to is the house's affair, and no tenant's.
alter table blocked_hosts enable row level security;
alter table blocked_hosts force row level security;
do $$
begin
    execute format('create policy owner on blocked_hosts to %I using (true) with check (true)', current_user);
end
$$;
create policy shown on blocked_hosts for select to mp_console, mp_edge, mp_pipelines_all_tenants using (true);
grant select on blocked_hosts to mp_console, mp_edge, mp_pipelines_all_tenants;

-- The warehouse has no use for the proof of a password.
revoke select on links from mp_dimensions_all_tenants;
grant select (
    id, created_at, tenant_id, slug, target_url, campaign_id, channel, title, tags, starts_at, expires_at, max_clicks,
    fallback_url, imported_clicks, archived_at
) on links to mp_dimensions_all_tenants;
grant select on link_targets to mp_dimensions_all_tenants;
create policy dimensions on link_targets for select to mp_dimensions_all_tenants using (true);

-- Whatever changes where a link leads is heard at once.
create function announce_links_of_target() returns trigger language plpgsql as $$
begin
    perform pg_notify('links', coalesce(new.link_id, old.link_id)::text);
    return null;
end
$$;
create function announce_links_of_variant() returns trigger language plpgsql as $$
begin
    perform pg_notify('links', link_id::text) from link_targets where variant_id = new.id;
    return null;
end
$$;
create trigger announce_link_targets after insert or update or delete on link_targets
    for each row execute function announce_links_of_target();
create trigger announce_variants after update of weight on variants
    for each row when (new.weight is distinct from old.weight) execute function announce_links_of_variant();
create trigger announce_campaigns after update of utm_campaign on campaigns
    for each row when (new.utm_campaign is distinct from old.utm_campaign) execute function announce('campaigns');
create trigger announce_blocked_hosts after insert or update or delete on blocked_hosts
    for each row execute function announce('blocked_hosts');
create trigger announce_new_tenants after insert on tenants
    for each row execute function announce('collector_keys');

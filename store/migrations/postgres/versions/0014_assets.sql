alter table asset_uses enable row level security;
alter table asset_uses force row level security;
do $$
begin
    execute format('create policy owner on asset_uses to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on asset_uses to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on asset_uses to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
grant select, insert, delete on asset_uses to mp_console, mp_pipelines_all_tenants;

-- What people say of an asset may change; what it is stays.
grant update (name, tags, flags, archived_at), delete on assets to mp_console;
create trigger immutable before update of
    id, created_at, tenant_id, kind, media_type, campaign_id, size, sha256, width, height, rows, uploaded_by on assets
    for each statement execute function refuse_change();
create trigger no_truncation before truncate on assets
    for each statement execute function refuse_change();

insert into audited_entities (tenant_id, entity, entity_id, seq, hash)
select distinct on (tenant_id, entity, entity_id) tenant_id, entity, entity_id, seq, hash
from audit_entries
order by tenant_id, entity, entity_id, seq desc;

alter table audited_entities enable row level security;
alter table audited_entities force row level security;
do $$
begin
    execute format('create policy owner on audited_entities to %I using (true) with check (true)', current_user);
end
$$;
create policy all_tenants on audited_entities to mp_pipelines_all_tenants using (true) with check (true);
create policy own_tenant on audited_entities to mp_console
    using (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint)
    with check (tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint);
create policy house on audited_entities to mp_console using (tenant_id = 0) with check (tenant_id = 0);
grant select, insert, update on audited_entities to mp_pipelines_all_tenants, mp_console;

-- What is remembered only moves on: nobody forgets the end of a chain with a log-in of ours.
create function refuse_forgetting() returns trigger language plpgsql as $$
begin
    if new.seq <= old.seq or (new.tenant_id, new.entity, new.entity_id) != (old.tenant_id, old.entity, old.entity_id)
    then
        raise exception '% % remembers audit entry %, and forgets none', old.entity, old.entity_id, old.seq
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger forgets_nothing before update on audited_entities
    for each row execute function refuse_forgetting();
create trigger append_only before delete or truncate on audited_entities
    for each statement execute function refuse_change();

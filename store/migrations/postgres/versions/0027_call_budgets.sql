alter table call_budgets enable row level security;
alter table call_budgets force row level security;
do $$
begin
    execute format('create policy owner on call_budgets to %I using (true) with check (true)', current_user);
end
$$;
-- Of no tenant: providers count what our app asks, whoever it asks for. Whoever calls a provider counts, and takes nothing back.
create policy counts on call_budgets to mp_console, mp_pipelines_all_tenants using (true) with check (true);
grant select, insert, update (opened_at, spent) on call_budgets to mp_console, mp_pipelines_all_tenants;

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

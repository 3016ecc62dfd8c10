-- Which goal the conversions are of. What was credited before there were goals has 0, which is the tenant's headline
-- goal until the day is credited again.
alter table raw.attribution_credits add column if not exists goal_id Int64 default 0 after date_day;

-- The table of moves as it was before what failed could be edited or put back.
create or replace function refuse_illegal_move() returns trigger language plpgsql as $$
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

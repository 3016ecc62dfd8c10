-- The table of moves is that of records/action_states.py.
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
        ('executing', 'failed'),
        ('partially_failed', 'executing'),
        ('failed', 'executing'),
        ('partially_failed', 'draft'),
        ('failed', 'draft')
    ) then
        return new;
    end if;
    raise exception 'action % cannot move from % to %', old.id, old.state, new.state
        using errcode = 'check_violation';
end
$$;

-- What was sent stays sent, whoever asks: put back in the queue it would go out a second time.
create function refuse_unsending() returns trigger language plpgsql as $$
begin
    raise exception 'delivery % was sent and cannot become %', old.id, new.state using errcode = 'check_violation';
end
$$;
create trigger sent_stays_sent before update of state on deliveries
    for each row when (old.state = 'sent' and new.state != 'sent') execute function refuse_unsending();

-- What people change moves the clock of changes; a reading does not.
create trigger note_change before update of name, url, site_url, topic, language, weight, interval_minutes, obeys_robots on feeds
    for each row execute function note_change();
create trigger changes_are_told after insert or delete or update of status, last_error, url, name, topic on feeds
    for each row execute function tell_of_change();

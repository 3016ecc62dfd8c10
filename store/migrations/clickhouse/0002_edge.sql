-- What the edge derives while it still knows the whole address, and what it was told.
alter table raw.events
    add column if not exists original_at Nullable(DateTime64(3, 'UTC')) comment 'the time as the sender said it' after occurred_at,
    add column if not exists consent_signals Array(LowCardinality(String)) comment 'gpc, dnt, page:granted, page:denied' after consent,
    add column if not exists sid_kind LowCardinality(String) comment 'stored by the page, daily (made at the edge) or none' after sid,
    add column if not exists utm_term String after utm_campaign,
    add column if not exists utm_content String after utm_term,
    add column if not exists country LowCardinality(String) after ip,
    add column if not exists city String after country,
    add column if not exists asn Int64 after city,
    add column if not exists signals Array(LowCardinality(String)) comment 'what the edge saw of the request: head, prefetch, burst, verified_bot:…' after user_agent,
    add column if not exists position UInt64 comment 'where in the segment the record begins' after segment;

-- What the rules make of it (marketing_pipelines/events), with their version; raw columns stay as they came.
alter table raw.events
    add column if not exists site LowCardinality(String) comment 'registrable domain of url',
    add column if not exists referrer_host String,
    add column if not exists referrer_source LowCardinality(String),
    add column if not exists referrer_medium LowCardinality(String),
    add column if not exists search_term String,
    add column if not exists source String,
    add column if not exists medium String,
    add column if not exists campaign String,
    add column if not exists term String,
    add column if not exists content String,
    add column if not exists click_ids Array(Tuple(name LowCardinality(String), value String, seen_at DateTime64(3, 'UTC'))),
    add column if not exists channel LowCardinality(String),
    add column if not exists device LowCardinality(String),
    add column if not exists os LowCardinality(String),
    add column if not exists os_version LowCardinality(String),
    add column if not exists browser LowCardinality(String),
    add column if not exists browser_version LowCardinality(String),
    add column if not exists bot_score UInt8,
    add column if not exists bot_reasons Array(LowCardinality(String)),
    add column if not exists rules_version UInt16;

-- `topic` stays for collectors of the version before, which still write it.
alter table raw.rejected
    add column if not exists door LowCardinality(String) after topic,
    add column if not exists request_id String after door,
    add column if not exists events UInt32 default 1 comment 'how many were alike' after payload,
    add column if not exists position UInt64;

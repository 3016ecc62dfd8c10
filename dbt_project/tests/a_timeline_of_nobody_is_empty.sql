{{ config(meta={'dagster': {'ref': {'name': 'visitor_timeline'}}}) }}

-- What nobody can be told behind is on no timeline; and the view can be read at all, which no other test of it can ask.
select
    at,
    kind,
    what_id
from {{ ref('visitor_timeline') }}(tenant = 0, person = '')

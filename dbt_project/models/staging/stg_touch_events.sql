{{ config(materialized='table', order_by='event') }}

select
    *,
    {{ content_changed_at(ref('touch_events')) }}
from {{ ref('touch_events') }}

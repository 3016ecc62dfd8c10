{{ config(materialized='view') }}

select *
from {{ source('raw', 'insights_x') }}
where platform = 'twitter_ads'

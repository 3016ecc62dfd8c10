{{ config(materialized='view') }}

select *
from {{ source('raw', 'insights_meta') }}
where platform = 'facebook_ads'

{{ config(materialized='view') }}

select *
from {{ source('raw', 'insights_google_ads') }}
where platform = 'google_ads'

{{ config(materialized='view') }}

select *
from {{ source('raw', 'insights_tiktok') }}
where platform = 'tiktok'

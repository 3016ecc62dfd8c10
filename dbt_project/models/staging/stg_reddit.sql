{{ config(materialized='view') }}

select *
from {{ source('raw', 'insights_reddit') }}
where platform = 'reddit_ads'

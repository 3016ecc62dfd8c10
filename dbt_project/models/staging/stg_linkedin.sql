{{ config(materialized='view') }}

select *
from {{ source('raw', 'insights_linkedin') }}
where platform = 'linkedin_ads'

{#- What the assets of all channels have read of places and the posts in them; a new channel is a line more. -#}
{% macro posts_as_read() -%}
    (
        select * from {{ source('raw', 'posts_meta') }}
        where channel = 'meta'
        union all
        select * from {{ source('raw', 'posts_linkedin') }}
        where channel = 'linkedin'
        union all
        select * from {{ source('raw', 'posts_tiktok_account') }}
        where channel = 'tiktok_account'
        union all
        select * from {{ source('raw', 'posts_reddit') }}
        where channel = 'reddit'
        union all
        select * from {{ source('raw', 'posts_youtube') }}
        where channel = 'youtube'
        union all
        select * from {{ source('raw', 'posts_x') }}
        where channel = 'x'
        union all
        select * from {{ source('raw', 'posts_buffer') }}
        where channel = 'buffer'
    )
{%- endmacro %}

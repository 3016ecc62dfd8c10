# One image for every process; what a container does is its command (docker-compose.yml).

FROM python:3.11.14-slim-trixie AS packages

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

COPY requirements-production.lock /tmp/requirements.lock
RUN python -m venv /opt/packages \
    && /opt/packages/bin/pip install --require-hashes --no-deps --only-binary :all: -r /tmp/requirements.lock


FROM python:3.11.14-slim-trixie

LABEL org.opencontainers.image.title="Marketing Pipelines" \
      org.opencontainers.image.licenses="MIT"

# The project runs from its source tree: nothing is built here that the lock does not name.
ENV PATH=/opt/packages/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    DAGSTER_HOME=/app \
    DBT_PROFILES_DIR=/app/dbt_project \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false

RUN groupadd --gid 10001 mp \
    && useradd --uid 10001 --gid mp --no-create-home --home-dir /tmp --shell /usr/sbin/nologin mp \
    && install --directory --owner=mp --group=mp /data /assets

COPY --from=packages /opt/packages /opt/packages
WORKDIR /app
COPY . .

# Without a manifest Dagster cannot load the project. dbt writes beside it while it runs; all else stays root's.
RUN python -m compileall -q . \
    && dbt parse --quiet --project-dir dbt_project \
    && mkdir -p dbt_project/logs \
    && chown -R mp:mp dbt_project/target dbt_project/logs

USER 10001:10001

# What an operator types: docker compose run --rm migrate doctor
ENTRYPOINT []
CMD ["python", "-m", "cli.main", "--help"]

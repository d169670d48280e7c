# One Dockerfile for every service: docker build -f deploy/service.Dockerfile --build-arg SERVICE=scim .
# It runs as a user without rights. The command says what to run: serve, work, all or migrate.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /portico
RUN python -m venv /portico/venv
COPY deploy/requirements.lock .
# The lock is complete. With dependencies pip would look for `pydantic[email]` itself and refuse a newer release.
RUN /portico/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
ARG SERVICE
COPY VERSION .
COPY libs libs
COPY services/${SERVICE} services/${SERVICE}
RUN /portico/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation \
    ./libs/kernel ./libs/contracts ./libs/chassis ./services/${SERVICE}

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --no-create-home portico
ARG SERVICE
COPY --from=build /portico/venv /portico/venv
# `scim` stays `scim`, `tenant-directory` is the package `tenant_directory`.
RUN printf '#!/bin/sh\nexec python -m %s "$@"\n' "$(echo "${SERVICE}" | tr - _)" > /usr/local/bin/service \
    && chmod 755 /usr/local/bin/service
ENV PATH=/portico/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER portico
WORKDIR /tmp
ENTRYPOINT ["service"]
CMD ["all"]

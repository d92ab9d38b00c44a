# Two stages: the first one builds the environment from the lock file, the second one carries only what runs.
FROM python:3.11-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.lock .
RUN /opt/venv/bin/pip install --require-hashes -r requirements.lock

FROM python:3.11-slim
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data
RUN useradd --system --create-home --uid 10001 truegap && install -d -o truegap /data
COPY --from=build /opt/venv /opt/venv
COPY . .
RUN SECRET_KEY=only-to-collect DATABASE_URL=postgres://unused/unused python manage.py collectstatic --noinput
USER truegap
VOLUME /data
EXPOSE 8000
CMD ["sh", "-c", "exec python -m granian --interface asginl --host 0.0.0.0 --port ${PORT:-8000} --workers ${WEB_CONCURRENCY:-1} --no-ws --workers-kill-timeout 10 config.asgi:application"]

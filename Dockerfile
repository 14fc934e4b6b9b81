# curate serve, for a user without rights. See docs/guide/check.md.
FROM python:3.12-slim

COPY pyproject.toml README.md LICENSE NOTICE /src/
COPY curate /src/curate
COPY pipelines /src/pipelines
RUN pip install --no-cache-dir '/src[serve,heif]' && rm -r /src \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin curate

WORKDIR /data
USER 10001:10001
ENV CURATE_CACHE=/tmp/curate PYTHONUNBUFFERED=1
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=2m CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz')"]
ENTRYPOINT ["curate", "--recipe", "/data/curate.yaml", "--folder", "/data/manifests"]
CMD ["serve", "--host", "0.0.0.0"]

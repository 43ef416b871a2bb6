# Gatehouse as an image: nothing in it but Node, our code and what it needs at run time. No shell, no npm, no root.
# `npm run image` runs these same stages without Docker.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY tools/runtime tools/runtime
RUN npm ci --no-audit --no-fund --workspaces=false
COPY tsconfig.json ./
COPY tools tools
COPY src src
RUN node tools/build.mjs
RUN mkdir data

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY tools/runtime tools/runtime
RUN npm ci --omit=dev --no-audit --no-fund --workspaces=false

FROM gcr.io/distroless/nodejs24-debian12:nonroot
LABEL org.opencontainers.image.title="Gatehouse" \
      org.opencontainers.image.description="A SMART App Launch authorization server" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY views views
COPY docs/compliance.md docs/conformance.md docs/
COPY docs/risk docs/risk
# A volume that begins empty belongs to whom this belongs.
COPY --from=build --chown=65532:65532 /app/data /data
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
EXPOSE 3000 9000
USER 65532:65532
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD ["/nodejs/bin/node", "dist/healthcheck.js"]
ENTRYPOINT ["/nodejs/bin/node", "dist/main.js"]
CMD ["serve", "--config", "/etc/gatehouse/config.yaml"]

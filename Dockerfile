# The provisioner and the pxe-server in one image: `ingot serve`, `ingot pxe`. What machines boot is no part of it.

# npm runs on any Node; what runs in the end is the one that package-lock.json pins.
FROM node:24-trixie-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --ignore-scripts && npm run bundle && \
    apt-get update && node --eval 'import("./workshop/ipxe.mjs").then(({ fetchIpxe }) => fetchIpxe("/src"))' && \
    cp node_modules/node-linux-*/bin/node out/node

FROM debian:trixie-slim
RUN apt-get update && apt-get install --yes --no-install-recommends libatomic1 && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/out/node /usr/local/bin/node
COPY --from=build /src/out/bundle /opt/ingot
COPY --from=build /src/out/ipxe /opt/ingot/out/ipxe
# The C library's calls, which a bundle cannot hold.
COPY --from=build /src/node_modules/koffi /opt/ingot/node_modules/koffi
COPY --from=build /src/node_modules/@koromix /opt/ingot/node_modules/@koromix
RUN ln -s /opt/ingot/bin/ingot.mjs /usr/local/bin/ingot
VOLUME /var/lib/ingot
ENTRYPOINT ["ingot"]

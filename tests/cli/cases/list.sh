haldma list "$bugs"
haldma list "$bugs" --format json

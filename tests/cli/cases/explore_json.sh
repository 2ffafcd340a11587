haldma explore "$bugs" --scenario lost_update --format json
haldma explore "$bugs" --scenario kept_update --format json --strategy exhaustive --preemptions 0 --profile typical
haldma explore modules/cli_other.so --format json --strategy fifo

# How the tool explains itself.
haldma
haldma --help
haldma --version
haldma explode
for command in list run explore replay shrink explain merge; do
    haldma $command --help
done

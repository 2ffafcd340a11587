# What a finding names can be looked up.
haldma rules DMA-FREE-6
haldma rules DMA-FREE-6 --format json
haldma rules MM-REGISTER-3
haldma rules deadlock
haldma rules NO-SUCH-1
haldma rules DMA-FREE-6 DMA-FREE-7

# Each rule that the libraries raise is known: none is printed here.
"$tool" rules --format json | grep -oE '"rule": "[^"]+"' | sed 's/.*: "//; s/"//' | sort -u >known
top=$(dirname "$case_file")/../../..
{
    grep -rhoE --include='*.[ch]' '"[A-Z][A-Z0-9]+(-[A-Z0-9]+)*-[0-9]+"' "$top/emu" "$top/hal" "$top/dma"
    grep -rhoE --include='*.[ch]' '^#define (EMU|HAL|DMA)_RULE_[A-Z_]+ +"[^"]+"' "$top/emu" "$top/hal" "$top/dma" | grep -oE '"[^"]+"'
    grep -rhoE --include='*.[ch]' '(emu_finding_v?raise|haldma_fail)\([^,"]*,? *"[a-z-]+"' "$top/emu" "$top/hal" "$top/dma" | grep -oE '"[^"]+"'
} | tr -d '"' | sort -u | comm -23 - known

/* poppack.h: ends the packing that the last pshpackN.h began. No include guard: it nests. */
#pragma pack(pop)

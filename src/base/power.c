#include "base/power.h"

#include <math.h>
#include <string.h>

#if defined(FP_FAST_FMA) || defined(__FMA__)

/* The method and polynomials of Arm's optimized routines (pow.c, MIT), which is that of glibc since 2.28: exp(y log x), the
 * logarithm to about 68 bits, both by tables of CELLS intervals. The tables are what they mean, rounded: for an interval of
 * x around c the inverse of c, to few digits, so that x / c - 1 is exact; its logarithm to 43 binary places; and the rest of
 * that; and for a power of two of i / CELLS the relative error of its bits, and these, without what i adds to the exponent. */
enum { CELLS = 128, CELL_BITS = 7 };
typedef struct cell {
  double inverse, log, log_rest, exp_rest;
  uint64_t exp_bits;
} cell;

/* clang-format off */
static const cell cells[CELLS] = {
    {0x1.6a00000000000p+0, -0x1.62c82f2b9c800p-2, 0x1.ab42428375680p-48, 0, 0x3ff0000000000000},
    {0x1.6800000000000p+0, -0x1.5d1bdbf580800p-2, -0x1.ca508d8e0f720p-46, 0x1.b3b4f1a88bf6ep-54, 0x3feff63da9fb3335},
    {0x1.6600000000000p+0, -0x1.5767717455800p-2, -0x1.362a4d5b6506dp-45, -0x1.160139cd8dc5dp-56, 0x3fefec9a3e778061},
    {0x1.6400000000000p+0, -0x1.51aad872df800p-2, -0x1.684e49eb067d5p-49, -0x1.05e7a108766d1p-54, 0x3fefe315e86e7f85},
    {0x1.6200000000000p+0, -0x1.4be5f95777800p-2, -0x1.41b6993293ee0p-47, 0x1.cd2523567f613p-55, 0x3fefd9b0d3158574},
    {0x1.6000000000000p+0, -0x1.4618bc21c6000p-2, 0x1.3d82f484c84ccp-46, -0x1.bce8023f98efap-55, 0x3fefd06b29ddf6de},
    {0x1.5e00000000000p+0, -0x1.404308686a800p-2, 0x1.c42f3ed820b3ap-50, 0x1.0f74e61e6c861p-57, 0x3fefc74518759bc8},
    {0x1.5c00000000000p+0, -0x1.3a64c55694800p-2, 0x1.0b1c686519460p-45, 0x1.0a3e45b33d399p-54, 0x3fefbe3ecac6f383},
    {0x1.5a00000000000p+0, -0x1.347dd9a988000p-2, 0x1.5594dd4c58092p-45, 0x1.79aa65d837b6dp-54, 0x3fefb5586cf9890f},
    {0x1.5800000000000p+0, -0x1.2e8e2bae12000p-2, 0x1.67b1e99b72bd8p-45, 0x1.eb51a92fdeffcp-55, 0x3fefac922b7247f7},
    {0x1.5600000000000p+0, -0x1.2895a13de8800p-2, 0x1.5ca14b6cfb03fp-46, 0x1.ebe3d702f9cd1p-60, 0x3fefa3ec32d3d1a2},
    {0x1.5600000000000p+0, -0x1.2895a13de8800p-2, 0x1.5ca14b6cfb03fp-46, -0x1.a033489906e0bp-57, 0x3fef9b66affed31b},
    {0x1.5400000000000p+0, -0x1.22941fbcf7800p-2, -0x1.65a242853da76p-46, -0x1.556522a2fbd0ep-54, 0x3fef9301d0125b51},
    {0x1.5200000000000p+0, -0x1.1c898c1699800p-2, -0x1.fafbc68e75404p-46, -0x1.080ef8c4eea55p-58, 0x3fef8abdc06c31cc},
    {0x1.5000000000000p+0, -0x1.1675cababa800p-2, 0x1.f1fc63382a8f0p-46, -0x1.1c923b9d5f416p-54, 0x3fef829aaea92de0},
    {0x1.4e00000000000p+0, -0x1.1058bf9ae4800p-2, -0x1.6a8c4fd055a66p-45, 0x1.0d3e3e95c55afp-55, 0x3fef7a98c8a58e51},
    {0x1.4c00000000000p+0, -0x1.0a324e2739000p-2, -0x1.c6bee7ef4030ep-47, -0x1.01b15eaa59348p-55, 0x3fef72b83c7d517b},
    {0x1.4a00000000000p+0, -0x1.0402594b4d000p-2, -0x1.036b89ef42d7fp-48, -0x1.f1ff055de323dp-55, 0x3fef6af9388c8dea},
    {0x1.4a00000000000p+0, -0x1.0402594b4d000p-2, -0x1.036b89ef42d7fp-48, 0x1.b898c3f1353bfp-55, 0x3fef635beb6fcb75},
    {0x1.4800000000000p+0, -0x1.fb9186d5e4000p-3, 0x1.d572aab993c87p-47, -0x1.6d99c7611eb26p-54, 0x3fef5be084045cd4},
    {0x1.4600000000000p+0, -0x1.ef0adcbdc6000p-3, 0x1.b26b79c86af24p-45, 0x1.aecf73e3a2f60p-54, 0x3fef54873168b9aa},
    {0x1.4400000000000p+0, -0x1.e27076e2af000p-3, -0x1.72f4f543fff10p-46, -0x1.fe782cb86389dp-55, 0x3fef4d5022fcd91d},
    {0x1.4200000000000p+0, -0x1.d5c216b4fc000p-3, 0x1.1ba91bbca681bp-45, 0x1.a6f4144a6c38dp-55, 0x3fef463b88628cd6},
    {0x1.4000000000000p+0, -0x1.c8ff7c79aa000p-3, 0x1.7794f689f8434p-45, 0x1.07a05b0e4047dp-55, 0x3fef3f49917ddc96},
    {0x1.4000000000000p+0, -0x1.c8ff7c79aa000p-3, 0x1.7794f689f8434p-45, 0x1.68efde3a8a894p-54, 0x3fef387a6e756238},
    {0x1.3e00000000000p+0, -0x1.bc286742d9000p-3, 0x1.94eb0318bb78fp-46, 0x1.75e18f274487dp-55, 0x3fef31ce4fb2a63f},
    {0x1.3c00000000000p+0, -0x1.af3c94e80c000p-3, 0x1.a4e633fcd9066p-52, 0x1.0472b981fe7f2p-55, 0x3fef2b4565e27cdd},
    {0x1.3a00000000000p+0, -0x1.a23bc1fe2b000p-3, -0x1.58c64dc46c1eap-45, -0x1.6b87b3f71085ep-54, 0x3fef24dfe1f56381},
    {0x1.3a00000000000p+0, -0x1.a23bc1fe2b000p-3, -0x1.58c64dc46c1eap-45, 0x1.2f7e16d09ab31p-55, 0x3fef1e9df51fdee1},
    {0x1.3800000000000p+0, -0x1.9525a9cf45000p-3, -0x1.ad1d904c1d4e3p-45, -0x1.d219b1a6fbffap-60, 0x3fef187fd0dad990},
    {0x1.3600000000000p+0, -0x1.87fa06520d000p-3, 0x1.bbdbf7fdbfa09p-45, 0x1.b3782720c0ab4p-55, 0x3fef1285a6e4030b},
    {0x1.3400000000000p+0, -0x1.7ab890210e000p-3, 0x1.bdb9072534a58p-45, 0x1.e149289cecb8fp-57, 0x3fef0cafa93e2f56},
    {0x1.3400000000000p+0, -0x1.7ab890210e000p-3, 0x1.bdb9072534a58p-45, 0x1.34d754db0abb6p-55, 0x3fef06fe0a31b715},
    {0x1.3200000000000p+0, -0x1.6d60fe719d000p-3, -0x1.0e46aa3b2e266p-46, 0x1.64201e2ac744cp-55, 0x3fef0170fc4cd831},
    {0x1.3000000000000p+0, -0x1.5ff3070a79000p-3, -0x1.e9e439f105039p-46, 0x1.fdd395dd3f84ap-55, 0x3feefc08b26416ff},
    {0x1.3000000000000p+0, -0x1.5ff3070a79000p-3, -0x1.e9e439f105039p-46, -0x1.6a3803b8e5b04p-55, 0x3feef6c55f929ff1},
    {0x1.2e00000000000p+0, -0x1.526e5e3a1b000p-3, -0x1.0de8b90075b8fp-45, -0x1.24aedcc4b5068p-54, 0x3feef1a7373aa9cb},
    {0x1.2c00000000000p+0, -0x1.44d2b6ccb8000p-3, 0x1.70cc16135783cp-46, -0x1.907f81b512d8ep-54, 0x3feeecae6d05d866},
    {0x1.2c00000000000p+0, -0x1.44d2b6ccb8000p-3, 0x1.70cc16135783cp-46, -0x1.1d1e83e9436d2p-56, 0x3feee7db34e59ff7},
    {0x1.2a00000000000p+0, -0x1.371fc201e9000p-3, 0x1.178864d27543ap-48, -0x1.91919b3ce1b15p-54, 0x3feee32dc313a8e5},
    {0x1.2800000000000p+0, -0x1.29552f81ff000p-3, -0x1.48d301771c408p-45, 0x1.59f48a72a4c6dp-55, 0x3feedea64c123422},
    {0x1.2600000000000p+0, -0x1.1b72ad52f6000p-3, -0x1.e80a41811a396p-45, -0x1.312607a28698ap-54, 0x3feeda4504ac801c},
    {0x1.2600000000000p+0, -0x1.1b72ad52f6000p-3, -0x1.e80a41811a396p-45, -0x1.8a78f4817895bp-58, 0x3feed60a21f72e2a},
    {0x1.2400000000000p+0, -0x1.0d77e7cd09000p-3, 0x1.a699688e85bf4p-47, -0x1.c2c9b67499a1bp-56, 0x3feed1f5d950a897},
    {0x1.2400000000000p+0, -0x1.0d77e7cd09000p-3, 0x1.a699688e85bf4p-47, 0x1.363ed60c2ac11p-59, 0x3feece086061892d},
    {0x1.2200000000000p+0, -0x1.fec9131dbe000p-4, -0x1.575545ca333f2p-45, 0x1.666093b0664efp-54, 0x3feeca41ed1d0057},
    {0x1.2000000000000p+0, -0x1.e27076e2b0000p-4, 0x1.a342c2af0003cp-45, 0x1.ecce1daa10379p-57, 0x3feec6a2b5c13cd0},
    {0x1.2000000000000p+0, -0x1.e27076e2b0000p-4, 0x1.a342c2af0003cp-45, 0x1.3ff8e3f0f1230p-54, 0x3feec32af0d7d3de},
    {0x1.1e00000000000p+0, -0x1.c5e548f5bc000p-4, -0x1.d0c57585fbe06p-46, 0x1.690cebb7aafb0p-56, 0x3feebfdad5362a27},
    {0x1.1c00000000000p+0, -0x1.a926d3a4ae000p-4, 0x1.53935e85baac8p-45, 0x1.31dbdeb54e077p-54, 0x3feebcb299fddd0d},
    {0x1.1c00000000000p+0, -0x1.a926d3a4ae000p-4, 0x1.53935e85baac8p-45, -0x1.f94340071a38ep-55, 0x3feeb9b2769d2ca7},
    {0x1.1a00000000000p+0, -0x1.8c345d631a000p-4, 0x1.37c294d2f5668p-46, -0x1.7deccdc93a349p-55, 0x3feeb6daa2cf6642},
    {0x1.1a00000000000p+0, -0x1.8c345d631a000p-4, 0x1.37c294d2f5668p-46, -0x1.8dec6bd0f385fp-56, 0x3feeb42b569d4f82},
    {0x1.1800000000000p+0, -0x1.6f0d28ae56000p-4, -0x1.69737c93373dap-45, -0x1.61246ec7b5cf6p-55, 0x3feeb1a4ca5d920f},
    {0x1.1600000000000p+0, -0x1.51b073f062000p-4, 0x1.f025b61c65e57p-46, 0x1.3350518fdd78ep-54, 0x3feeaf4736b527da},
    {0x1.1600000000000p+0, -0x1.51b073f062000p-4, 0x1.f025b61c65e57p-46, 0x1.b98b72f8a9b05p-56, 0x3feead12d497c7fd},
    {0x1.1400000000000p+0, -0x1.341d7961be000p-4, 0x1.c5edaccf913dfp-45, 0x1.063e1e21c5409p-54, 0x3feeab07dd485429},
    {0x1.1400000000000p+0, -0x1.341d7961be000p-4, 0x1.c5edaccf913dfp-45, 0x1.4c7855019c6eap-60, 0x3feea9268a5946b7},
    {0x1.1200000000000p+0, -0x1.16536eea38000p-4, 0x1.47c5e768fa309p-46, 0x1.432e62b64c035p-54, 0x3feea76f15ad2148},
    {0x1.1000000000000p+0, -0x1.f0a30c0118000p-5, 0x1.d599e83368e91p-45, -0x1.ce44a6199769fp-55, 0x3feea5e1b976dc09},
    {0x1.1000000000000p+0, -0x1.f0a30c0118000p-5, 0x1.d599e83368e91p-45, -0x1.c33c53bef4da8p-55, 0x3feea47eb03a5585},
    {0x1.0e00000000000p+0, -0x1.b42dd71198000p-5, 0x1.c827ae5d6704cp-46, -0x1.45378892be9aep-55, 0x3feea34634ccc320},
    {0x1.0e00000000000p+0, -0x1.b42dd71198000p-5, 0x1.c827ae5d6704cp-46, -0x1.3cedd78565858p-54, 0x3feea23882552225},
    {0x1.0c00000000000p+0, -0x1.77458f632c000p-5, -0x1.cfc4634f2a1eep-45, 0x1.710aa807e1964p-58, 0x3feea155d44ca973},
    {0x1.0c00000000000p+0, -0x1.77458f632c000p-5, -0x1.cfc4634f2a1eep-45, -0x1.3b3efbf5e2228p-54, 0x3feea09e667f3bcd},
    {0x1.0a00000000000p+0, -0x1.39e87b9fec000p-5, 0x1.502b7f526feaap-48, -0x1.a12ad8734b982p-57, 0x3feea012750bdabf},
    {0x1.0a00000000000p+0, -0x1.39e87b9fec000p-5, 0x1.502b7f526feaap-48, -0x1.367efb86da9eep-57, 0x3fee9fb23c651a2f},
    {0x1.0800000000000p+0, -0x1.f829b0e780000p-6, -0x1.980267c7e09e4p-45, -0x1.0dc3d54e08851p-55, 0x3fee9f7df9519484},
    {0x1.0800000000000p+0, -0x1.f829b0e780000p-6, -0x1.980267c7e09e4p-45, -0x1.81f647e5a3ecfp-56, 0x3fee9f75e8ec5f74},
    {0x1.0600000000000p+0, -0x1.7b91b07d58000p-6, -0x1.88d5493faa639p-45, -0x1.6ee4ac08b7db0p-55, 0x3fee9f9a48a58174},
    {0x1.0400000000000p+0, -0x1.fc0a8b0fc0000p-7, -0x1.f1e7cf6d3a69cp-50, -0x1.619321e55e68ap-55, 0x3fee9feb564267c9},
    {0x1.0400000000000p+0, -0x1.fc0a8b0fc0000p-7, -0x1.f1e7cf6d3a69cp-50, 0x1.09ccb5e09d4d3p-54, 0x3feea0694fde5d3f},
    {0x1.0200000000000p+0, -0x1.fe02a6b100000p-8, -0x1.9e23f0dda40e4p-46, -0x1.b32dcb94da51dp-56, 0x3feea11473eb0187},
    {0x1.0200000000000p+0, -0x1.fe02a6b100000p-8, -0x1.9e23f0dda40e4p-46, 0x1.4ecfd5467c06bp-54, 0x3feea1ed0130c132},
    {0x1.0000000000000p+0, 0, 0, 0x1.5ebe1abd66c55p-57, 0x3feea2f336cf4e62},
    {0x1.0000000000000p+0, 0, 0, -0x1.8a1c52fb3cf42p-55, 0x3feea427543e1a12},
    {0x1.fc00000000000p-1, 0x1.0101575890000p-7, -0x1.0c76b999d2be8p-46, -0x1.369b6f13b3734p-54, 0x3feea589994cce13},
    {0x1.f800000000000p-1, 0x1.0205658938000p-6, -0x1.3dc5b06e2f7d2p-45, -0x1.05e843a19ff1ep-55, 0x3feea71a4623c7ad},
    {0x1.f400000000000p-1, 0x1.8492528c90000p-6, -0x1.aa0ba325a0c34p-45, -0x1.4d450d872576ep-54, 0x3feea8d99b4492ed},
    {0x1.f000000000000p-1, 0x1.0415d89e74000p-5, 0x1.111c05cf1d753p-47, 0x1.0ad675b0e8a00p-54, 0x3feeaac7d98a6699},
    {0x1.ec00000000000p-1, 0x1.466aed42e0000p-5, -0x1.c167375bdfd28p-45, 0x1.db72fc1f0eab4p-55, 0x3feeace5422aa0db},
    {0x1.e800000000000p-1, 0x1.894aa149fc000p-5, -0x1.97995d05a267dp-46, -0x1.5b6609cc5e7ffp-57, 0x3feeaf3216b5448c},
    {0x1.e400000000000p-1, 0x1.ccb73cdddc000p-5, -0x1.a68f247d82807p-46, 0x1.bf68359f35f44p-56, 0x3feeb1ae99157736},
    {0x1.e200000000000p-1, 0x1.eea31c006c000p-5, -0x1.e113e4fc93b7bp-47, -0x1.3091fa71e3d83p-54, 0x3feeb45b0b91ffc6},
    {0x1.de00000000000p-1, 0x1.1973bd1466000p-4, -0x1.5325d560d9e9bp-45, -0x1.da9b88b6c1e29p-58, 0x3feeb737b0cdc5e5},
    {0x1.da00000000000p-1, 0x1.3bdf5a7d1e000p-4, 0x1.cc85ea5db4ed7p-45, -0x1.c23f97c90b959p-57, 0x3feeba44cbc8520f},
    {0x1.d600000000000p-1, 0x1.5e95a4d97a000p-4, -0x1.c69063c5d1d1ep-45, -0x1.2434322f4f9aap-54, 0x3feebd829fde4e50},
    {0x1.d400000000000p-1, 0x1.700d30aeac000p-4, 0x1.c1e8da99ded32p-49, -0x1.5ca6cd7668e4bp-55, 0x3feec0f170ca07ba},
    {0x1.d000000000000p-1, 0x1.9335e5d594000p-4, 0x1.3115c3abd47dap-45, 0x1.1affc2b91ce27p-56, 0x3feec49182a3f090},
    {0x1.cc00000000000p-1, 0x1.b6ac88dad6000p-4, -0x1.390802bf768e5p-46, 0x1.dd235e10a73bbp-57, 0x3feec86319e32323},
    {0x1.ca00000000000p-1, 0x1.c885801bc4000p-4, 0x1.646d1c65aacd3p-45, -0x1.7c50422622263p-55, 0x3feecc667b5de565},
    {0x1.c600000000000p-1, 0x1.ec739830a2000p-4, -0x1.dc068afe645e0p-45, 0x1.b1c86e3e231d5p-55, 0x3feed09bec4a2d33},
    {0x1.c400000000000p-1, 0x1.fe89139dbe000p-4, -0x1.534d64fa10afdp-45, -0x1.1bbd1d3bcbb15p-54, 0x3feed503b23e255d},
    {0x1.c000000000000p-1, 0x1.1178e8227e000p-3, 0x1.1ef78ce2d07f2p-45, 0x1.0cc319cee31d2p-54, 0x3feed99e1330b358},
    {0x1.be00000000000p-1, 0x1.1aa2b7e23f000p-3, 0x1.ca78e44389934p-45, 0x1.469846e735ab3p-55, 0x3feede6b5579fdbf},
    {0x1.ba00000000000p-1, 0x1.2d1610c868000p-3, 0x1.39d6ccb81b4a1p-47, -0x1.2dfcd978e9db4p-55, 0x3feee36bbfd3f37a},
    {0x1.b800000000000p-1, 0x1.365fcb0159000p-3, 0x1.62fa8234b7289p-51, 0x1.c1a7792cb3387p-55, 0x3feee89f995ad3ad},
    {0x1.b400000000000p-1, 0x1.4913d8333b000p-3, 0x1.5837954fdb678p-45, -0x1.07b8f4ad1d9fap-54, 0x3feeee07298db666},
    {0x1.b200000000000p-1, 0x1.527e5e4a1b000p-3, 0x1.633e8e5697dc7p-45, -0x1.5c3d956dcaebap-58, 0x3feef3a2b84f15fb},
    {0x1.ae00000000000p-1, 0x1.6574ebe8c1000p-3, 0x1.9cf8b2c3c2e78p-46, -0x1.0a40e3da6f640p-54, 0x3feef9728de5593a},
    {0x1.ac00000000000p-1, 0x1.6f0128b757000p-3, -0x1.5118de59c21e1p-45, -0x1.8d6f438ad9334p-57, 0x3feeff76f2fb5e47},
    {0x1.aa00000000000p-1, 0x1.7898d85445000p-3, -0x1.c661070914305p-46, -0x1.1eee26b588a35p-54, 0x3fef05b030a1064a},
    {0x1.a600000000000p-1, 0x1.8beafeb390000p-3, -0x1.73d54aae92cd1p-47, 0x1.4ffd70a5fddcdp-56, 0x3fef0c1e904bc1d2},
    {0x1.a400000000000p-1, 0x1.95a5adcf70000p-3, 0x1.7f22858a0ff6fp-47, -0x1.1bdfbfa9298acp-54, 0x3fef12c25bd71e09},
    {0x1.a000000000000p-1, 0x1.a93ed3c8ae000p-3, -0x1.8724350562169p-45, 0x1.36eae30af0cb3p-56, 0x3fef199bdd85529c},
    {0x1.9e00000000000p-1, 0x1.b31d8575bd000p-3, -0x1.c358d4eace1aap-47, 0x1.ee3325c9ffd94p-55, 0x3fef20ab5fffd07a},
    {0x1.9c00000000000p-1, 0x1.bd087383be000p-3, -0x1.d4bc4595412b6p-45, 0x1.4e08fd10959acp-55, 0x3fef27f12e57d14b},
    {0x1.9a00000000000p-1, 0x1.c6ffbc6f01000p-3, -0x1.1ec72c5962bd2p-48, 0x1.3cdaf384e1a67p-57, 0x3fef2f6d9406e7b5},
    {0x1.9600000000000p-1, 0x1.db13db0d49000p-3, -0x1.aff2af715b035p-45, 0x1.76b2c6c921968p-57, 0x3fef3720dcef9069},
    {0x1.9400000000000p-1, 0x1.e530effe71000p-3, 0x1.212276041f430p-51, -0x1.08a1883ccb5d2p-55, 0x3fef3f0b555dc3fa},
    {0x1.9200000000000p-1, 0x1.ef5ade4dd0000p-3, -0x1.a211565bb8e11p-51, -0x1.fad5d3ffffa6fp-55, 0x3fef472d4a07897c},
    {0x1.9000000000000p-1, 0x1.f991c6cb3b000p-3, 0x1.bcbecca0cdf30p-46, -0x1.00dae3875a949p-54, 0x3fef4f87080d89f2},
    {0x1.8c00000000000p-1, 0x1.07138604d5800p-2, 0x1.89cdb16ed4e91p-48, 0x1.4a385a63d07a7p-56, 0x3fef5818dcfba487},
    {0x1.8a00000000000p-1, 0x1.0c42d67616000p-2, 0x1.7188b163ceae9p-45, -0x1.2919e2040220fp-55, 0x3fef60e316c98398},
    {0x1.8800000000000p-1, 0x1.1178e8227e800p-2, -0x1.c210e63a5f01cp-45, 0x1.e5a50d5c192acp-55, 0x3fef69e603db3285},
    {0x1.8600000000000p-1, 0x1.16b5ccbacf800p-2, 0x1.b9acdf7a51681p-45, 0x1.43a59ac016b4bp-55, 0x3fef7321f301b460},
    {0x1.8400000000000p-1, 0x1.1bf99635a6800p-2, 0x1.ca6ed5147bdb7p-45, -0x1.2d52107b43e1fp-55, 0x3fef7c97337b9b5f},
    {0x1.8200000000000p-1, 0x1.214456d0eb800p-2, 0x1.a87deba46baeap-47, -0x1.92ab93b470dc9p-55, 0x3fef864614f5a129},
    {0x1.7e00000000000p-1, 0x1.2bef07cdc9000p-2, 0x1.a9cfa4a5004f4p-45, 0x1.4b604603a88d3p-56, 0x3fef902ee78b3ff6},
    {0x1.7c00000000000p-1, 0x1.314f1e1d36000p-2, -0x1.8e27ad3213cb8p-45, 0x1.3c5ec519d7271p-55, 0x3fef9a51fbc74c83},
    {0x1.7a00000000000p-1, 0x1.36b6776be1000p-2, 0x1.16ecdb0f177c8p-46, -0x1.ff7128fd391f0p-55, 0x3fefa4afa2a490da},
    {0x1.7800000000000p-1, 0x1.3c25277333000p-2, 0x1.83b54b606bd5cp-46, -0x1.dae98e223747dp-55, 0x3fefaf482d8e67f1},
    {0x1.7600000000000p-1, 0x1.419b423d5e800p-2, 0x1.8e436ec90e09dp-47, 0x1.ec3bc41aa2008p-55, 0x3fefba1bee615a27},
    {0x1.7400000000000p-1, 0x1.4718dc271c800p-2, -0x1.f27ce0967d675p-45, 0x1.42b94c3a9eb32p-55, 0x3fefc52b376bba97},
    {0x1.7200000000000p-1, 0x1.4c9e09e173000p-2, -0x1.e20891b0ad8a4p-45, 0x1.a64a931d185eep-55, 0x3fefd0765b6e4540},
    {0x1.7000000000000p-1, 0x1.522ae0738a000p-2, 0x1.ebe708164c759p-45, -0x1.e37bae43be3edp-55, 0x3fefdbfdad9cbe14},
    {0x1.6e00000000000p-1, 0x1.57bf753c8d000p-2, 0x1.fadedee5d40efp-46, 0x1.7893b4d91cd9dp-56, 0x3fefe7c1819e90d8},
    {0x1.6c00000000000p-1, 0x1.5d5bddf596000p-2, -0x1.a0b2a08a465dcp-47, 0x1.305c14160cc89p-58, 0x3feff3c22b8f71f1},
};
/* clang-format on */

static inline double number_of(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* log x: returns what it is rounded, and the rest. x: positive and normal */
static inline double logarithm(double x, double *rest) {
  const uint64_t first = UINT64_C(0x3fe6955500000000), from = bits_of(x) - first; /* of the cells */
  const cell *at = &cells[from >> (52 - CELL_BITS) & (CELLS - 1)];
  const double k = (double)((int32_t)(from >> 32) >> 20);
  const double r = fma(number_of(bits_of(x) - (from & UINT64_C(0xfff) << 52)), at->inverse, -1);
  const double t = fma(k, 0x1.62e42fefa3800p-1, at->log), sum = t + r;
  const double low1 = fma(k, 0x1.ef35793c76730p-45, at->log_rest), low2 = t - sum + r;
  const double half = -0.5 * r, square = r * half, cube = r * square;
  const double high = sum + square, low3 = fma(half, r, -square), low4 = sum - high + square;
  const double p = fma(square, fma(r, -0x1.0002b8b263fc3p-3 * -8, 0x1.2495b9b4845e9p-3 * -8),
                       fma(r, -0x1.555555529a47ap-3 * 4, 0x1.999999959554ep-3 * 4));
  const double q = fma(square, p, fma(r, -0x1.0000000000006p-2 * -2, 0x1.555555555556p-2 * -2));
  const double low = fma(cube, q, low1 + low2 + low3 + low4), y = high + low;
  *rest = high - y + low;
  return y;
}

/* exp(x + rest), |x| < 512 */
static inline double exponential(double x, double rest) {
  const double shift = 0x1.8p52, shifted = fma(0x1.71547652b82fep0 * CELLS, x, shift), k = shifted - shift;
  const uint64_t turns = bits_of(shifted);
  const double r = fma(k, -0x1.cf79abc9e3b3ap-47, fma(k, -0x1.62e42fefa0000p-8, x)) + rest, square = r * r;
  const cell *at = &cells[turns & (CELLS - 1)];
  const double scale = number_of(at->exp_bits + (turns << (52 - CELL_BITS)));
  const double near = fma(square, fma(r, 0x1.555555555543cp-3, 0x1.ffffffffffdbdp-2), at->exp_rest + r);
  const double sum = fma(square * square, fma(r, 0x1.1111167a4d017p-7, 0x1.55555cf172b91p-5), near);
  return fma(scale, sum, scale);
}

/* Whether x to the power of mu is found in the loop of all; log: of x. */
static inline int is_usual(double x, double mu_log) { return (x >= 0x1p-1022) & (x < INFINITY) & (fabs(mu_log) < 512); }

static void find_all(const double *restrict x, uint32_t n, double mu, double *restrict out) {
  int odd = 0;
#pragma omp simd reduction(| : odd)
  for (uint32_t i = 0; i < n; i++) {
    double rest;
    const double log = logarithm(x[i], &rest), high = mu * log;
    out[i] = exponential(high, fma(mu, rest, fma(mu, log, -high)));
    odd |= !is_usual(x[i], high);
  }
  for (uint32_t i = 0; odd && i < n; i++) {
    double rest;
    if (!is_usual(x[i], mu * logarithm(x[i], &rest))) out[i] = pow(x[i], mu);
  }
}

#else /* the library is faster, and chooses when it runs */

static void find_all(const double *restrict x, uint32_t n, double mu, double *restrict out) {
  for (uint32_t i = 0; i < n; i++) out[i] = pow(x[i], mu);
}

#endif

void volley_powers(const double *x, uint32_t n, double mu, double *out) {
  if (mu == 0 || mu == 1)
    for (uint32_t i = 0; i < n; i++) out[i] = mu == 0 ? 1 : x[i];
  else
    find_all(x, n, mu, out);
}

// void sm_switch(void** save, void* to)
// Saves what AAPCS64 asks a function to keep: x19-x28, x29 (frame), x30 (return address), the stack pointer and
// the low halves of v8-v15. x18 belongs to the platform and is never touched; fpcr is not switched, for kernels
// never change it. Ends in br, not ret: the prediction of return addresses would miss at every switch.
	.text
	.globl	sm_switch
	.hidden	sm_switch
	.type	sm_switch,%function
	.p2align 2
sm_switch:
	sub	sp, sp, #160
	stp	x29, x30, [sp, #0]
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1
	ldp	x29, x16, [sp, #0]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #160
	br	x16
	.size	sm_switch,.-sm_switch
	.section .note.GNU-stack,"",%progbits

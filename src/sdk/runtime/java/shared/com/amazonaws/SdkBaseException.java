package com.amazonaws;

/** All that a client throws. Named as in AWS's SDK, so that programs written for it compile. */
public abstract class SdkBaseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SdkBaseException(String message) {
        super(message);
    }

    public SdkBaseException(String message, Throwable cause) {
        super(message, cause);
    }
}

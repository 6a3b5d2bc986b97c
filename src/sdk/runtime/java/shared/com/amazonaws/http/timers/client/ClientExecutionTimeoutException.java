package com.amazonaws.http.timers.client;

import com.amazonaws.SdkClientException;

/** The call took longer than its totalExecutionTimeout. */
public class ClientExecutionTimeoutException extends SdkClientException {
    private static final long serialVersionUID = 1L;

    public ClientExecutionTimeoutException(String message) {
        super(message);
    }
}

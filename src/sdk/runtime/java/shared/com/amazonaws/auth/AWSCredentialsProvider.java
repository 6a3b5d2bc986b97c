package com.amazonaws.auth;

/** Asked for each request. */
public interface AWSCredentialsProvider {
    AWSCredentials getCredentials();

    void refresh();
}

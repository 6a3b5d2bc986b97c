package OWN_PACKAGE.runtime;

import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.opensdk.config.ConnectionConfiguration;
import com.amazonaws.opensdk.config.TimeoutConfiguration;

/** What a client's builder gathers. */
public final class Settings implements Cloneable {
    public String endpoint;
    public String region;
    public String apiKey;
    public AWSCredentialsProvider credentials;
    public ConnectionConfiguration connections = new ConnectionConfiguration();
    public TimeoutConfiguration timeouts = new TimeoutConfiguration();
    public int retries = 3;

    @Override
    public Settings clone() {
        try {
            return (Settings) super.clone();
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
